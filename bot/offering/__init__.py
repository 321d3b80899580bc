"""What a shop can propose to a customer, and why: pure, imports nothing of ours."""
