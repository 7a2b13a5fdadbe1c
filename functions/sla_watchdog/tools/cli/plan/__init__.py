SUMMARY = "who will be notified of what and when, if nothing changes"
