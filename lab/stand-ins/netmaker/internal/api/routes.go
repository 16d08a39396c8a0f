package api

import "net/http"

// Handler serves all routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		allowed authorization
		handle  handler
	}{
		{"GET /api/server/health", anybody, health},
		{"GET /api/server/status", anybody, status},
		{"GET /api/server/feature_flags", anybody, featureFlags},
		{"GET /api/server/getconfig", users, serverConfig},
		{"GET /api/server/getserverinfo", users, serverInfo},
		{"GET /api/server/settings", users, serverSettings},
		{"PUT /api/server/settings", users, withBody(fixedSettings)},
		{"GET /api/server/usage", users, usage},
		{"GET /api/getip", anybody, callersAddress},

		{"GET /api/users/adm/hassuperadmin", anybody, hasSuperAdmin},
		{"POST /api/users/adm/createsuperadmin", anybody, withBody(createSuperAdmin)},
		{"POST /api/users/adm/authenticate", anybody, authenticateUser},

		{"GET /api/networks", users, listNetworks},
		{"POST /api/networks", users, withBody(createNetwork)},
		{"GET /api/networks/{network}", users, getNetwork},
		{"PUT /api/networks/{network}", users, withBody(updateNetwork)},
		{"DELETE /api/networks/{network}", users, deleteNetwork},
		{"GET /api/networks/{network}/egress_routes", users, networkEgressRoutes},

		{"GET /api/v1/enrollment-keys", users, listKeys},
		{"POST /api/v1/enrollment-keys", users, withBody(createKey)},
		{"PUT /api/v1/enrollment-keys/{key}", users, withBody(updateKey)},
		{"DELETE /api/v1/enrollment-keys/{key}", users, deleteKey},
		{"POST /api/v1/host/register/{token}", anybody, registerHost},

		{"GET /api/hosts", users, listHosts},
		{"PUT /api/hosts/{host}", users, updateHost},
		{"DELETE /api/v1/ui/hosts/{host}", users, deleteHost},
		{"DELETE /api/hosts/{host}", hosts, deleteHost},
		{"POST /api/hosts/{host}/networks/{network}", users, joinNetwork},
		{"DELETE /api/hosts/{host}/networks/{network}", users, leaveNetwork},
		{"POST /api/hosts/adm/authenticate", anybody, withBody(authenticateHost)},
		{"GET /api/v1/host", hosts, pullHost},
		{"PUT /api/v1/fallback/host/{host}", hosts, withBody(hostFallback)},

		{"GET /api/nodes", users, listNodes},
		{"GET /api/nodes/{network}", users, listNodes},
		{"GET /api/nodes/{network}/{node}", hosts, withOwnNode(getNode)},
		{"PUT /api/nodes/{network}/{node}", users, withNode(updateNode)},
		{"DELETE /api/nodes/{network}/{node}", hosts, withOwnNode(deleteNode)},
		{"POST /api/nodes/{network}/{node}/gateway", users, withNode(createGateway)},
		{"DELETE /api/nodes/{network}/{node}/gateway", users, withNode(deleteGateway)},
		{"POST /api/nodes/{network}/{node}/gateway/assign", users, withNode(assignGateway)},
		{"POST /api/nodes/{network}/{node}/gateway/unassign", users, withNode(unassignGateway)},

		{"GET /api/extclients", users, listClients},
		{"GET /api/extclients/{network}", users, listClients},
		{"GET /api/extclients/{network}/{client}", users, getClient},
		{"GET /api/extclients/{network}/{client}/{type}", users, clientFile},
		{"POST /api/extclients/{network}/{client}", users, createClient},
		{"PUT /api/extclients/{network}/{client}", users, updateClient},
		{"DELETE /api/extclients/{network}/{client}", users, deleteClient},

		{"GET /api/v1/egress", users, listEgresses},
		{"POST /api/v1/egress", users, withBody(createEgress)},
		{"PUT /api/v1/egress", users, withBody(updateEgress)},
		{"DELETE /api/v1/egress", users, deleteEgress},

		{"GET /api/v1/acls", users, listACLs},
		{"POST /api/v1/acls", users, withBody(createACL)},
		{"PUT /api/v1/acls", users, withBody(updateACL)},
		{"DELETE /api/v1/acls", users, deleteACL},

		{"GET /api/dns", users, listDNS},
		{"GET /api/dns/adm/{network}", users, listDNS},
		{"GET /api/dns/adm/{network}/custom", users, listCustomDNS},
		{"GET /api/dns/adm/{network}/nodes", users, listNodeDNS},
		{"POST /api/dns/{network}", users, createDNS},
		{"DELETE /api/dns/{network}/{domain}", users, deleteDNS},
	} {
		mux.HandleFunc(route.pattern, s.serve(route.allowed, route.handle))
	}
	return mux
}
