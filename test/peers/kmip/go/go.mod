module fabric-key-console/kmip-peer

go 1.25.5

require github.com/ovh/kmip-go v0.8.1
