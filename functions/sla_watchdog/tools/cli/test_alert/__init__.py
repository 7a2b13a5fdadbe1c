SUMMARY = "send a test alert and show whom it reaches"
