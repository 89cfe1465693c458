"""What several sources share: how strangers write times, people and parcels, and sign."""
