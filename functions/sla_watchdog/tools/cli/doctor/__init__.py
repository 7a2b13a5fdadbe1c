SUMMARY = "whether the watchdog itself is well, and what to do where it is not"
