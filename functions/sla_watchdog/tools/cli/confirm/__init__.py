SUMMARY = "confirm an address so that no unsubscribe link can end it"
