SUMMARY = "put off the promise that holds for a case"
