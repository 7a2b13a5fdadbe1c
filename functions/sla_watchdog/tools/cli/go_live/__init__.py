SUMMARY = "show who would be told now, then start telling them"
