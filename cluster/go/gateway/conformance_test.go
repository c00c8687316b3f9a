package gateway

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

// TestConformance is the whole suite; its flags say which mesh, which profiles, and which tests.
func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}
