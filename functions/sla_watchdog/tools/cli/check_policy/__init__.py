SUMMARY = "check the policy file, and compile it"
