SUMMARY = "show missing ticket records, and say whether they were meant to be deleted"
