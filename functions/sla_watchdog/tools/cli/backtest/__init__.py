SUMMARY = "what a policy would have done with a history"
