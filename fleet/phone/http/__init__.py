"""HTTP with phones: what old embedded servers send, and how they may be asked."""
