"""Hardware of a hall behind ports: typed, tested drivers; knows no screen and no network of the hall."""
