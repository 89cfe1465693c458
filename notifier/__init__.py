"""Keep what every customer has been told equal to what the business now believes."""
