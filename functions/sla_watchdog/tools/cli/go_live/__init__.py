SUMMARY = "show who would be notified now, then start notifying them"
