"""Files of a business: pictures and PDFs in the headers of messages, kept here and lying at Meta as long as needed."""
