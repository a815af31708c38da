-- So that the old ones are found without reading all.
CREATE INDEX deliveries_by_age ON deliveries (received_at);
