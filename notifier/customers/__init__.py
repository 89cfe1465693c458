"""What customers can see and do: the status page, opting out, their consents."""
