SUMMARY = "who will be told what and when, if nothing changes"
