SUMMARY = "notify nobody of some cases for a while"
