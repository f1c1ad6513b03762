"""The ground on which every program of a hall agrees: messages, topics, time, the bus."""
