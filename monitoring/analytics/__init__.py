"""What happened on past days, by day and channel, from the rows themselves."""
