"""Files of a business for the headers of messages: kept here, and lying at Meta as long as needed."""
