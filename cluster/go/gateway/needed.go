//go:build never

// Package gateway has the Gateway API's conformance suite as a program. This file is never compiled: it keeps in go.mod
// what the suite's echo server needs, which is built from the same module.
package gateway

import _ "sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"
