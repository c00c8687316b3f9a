"""What the mesh costs a cluster, measured on the test cluster: pods' starts, the webhook, the control plane itself."""
