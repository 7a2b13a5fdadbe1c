SUMMARY = "put the tickets of an event file, or of a CSV export, into the Tickets table"
