SUMMARY = "why a ticket stands where it stands, step by step"
