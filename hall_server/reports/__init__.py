"""Reports: folds over the events of a business day, their summaries, and what pages read of them."""
