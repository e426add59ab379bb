"""The judgement log, claims, samplers and rating sessions."""
