SUMMARY = "take a case for somebody, with a promise of the next update"
