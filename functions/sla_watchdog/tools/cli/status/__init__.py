SUMMARY = "what is open, breached and at risk now, and what needs attention"
