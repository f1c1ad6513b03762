"""The bus over MQTT 5."""
