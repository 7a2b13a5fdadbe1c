SUMMARY = "tell nobody of some cases for a while"
