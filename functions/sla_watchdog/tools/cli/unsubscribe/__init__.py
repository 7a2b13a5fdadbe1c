SUMMARY = "take an address out of an audience"
