// CoreDNS with what a cluster needs of it. The usual main package imports every plugin, and with them the clients of
// several clouds, which take longer to build than everything else here.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// A query passes the plugins in this order, whatever the order in the Corefile. It is CoreDNS's own.
var chain = []string{"reload", "ready", "health", "errors", "log", "cache", "loadbalance", "hosts", "kubernetes"}

func main() {
	dnsserver.Directives = chain
	coremain.Run()
}
