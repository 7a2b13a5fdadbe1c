SUMMARY = "notify an audience at one more address"
