"""What is wrong with a workspace, what that means, and how it is put right."""
