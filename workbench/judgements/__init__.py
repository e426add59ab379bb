"""The judgement log, claims, agreement between raters."""
