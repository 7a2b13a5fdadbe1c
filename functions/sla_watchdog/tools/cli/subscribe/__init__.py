SUMMARY = "make an audience hear its alerts at an address"
