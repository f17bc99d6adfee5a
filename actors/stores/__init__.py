"""Where records and files are kept: each implementation passes the contract suite of its port."""
