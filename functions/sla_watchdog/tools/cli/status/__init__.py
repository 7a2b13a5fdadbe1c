SUMMARY = "what is open, breached and at risk now, and what must be mended"
