"""Measurements. They print ratios within one run and assert nothing; figures reached are in README.md."""
