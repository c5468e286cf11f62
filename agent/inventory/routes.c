/* inventory: every call there is. */
#include "agent/inventory/pages.h"

#define SMALL 4096
#define ENROL 16384

static const struct rv_route routes[] = {
	{RV_DOOR_ENROL, "GET", "/v1/ca", 0, RV_ACCESS_NONE, rv_agents_ca},
	{RV_DOOR_ENROL, "POST", "/v1/enroll", ENROL, RV_ACCESS_NONE, rv_agents_enroll},
	{RV_DOOR_AGENTS, "POST", "/v1/renew", ENROL, RV_ACCESS_NONE, rv_agents_renew},
	{RV_DOOR_AGENTS, "POST", "/v1/checkin", SMALL, RV_ACCESS_NONE, rv_agents_checkin},
	{RV_DOOR_AGENTS, "POST", "/v1/report", RV_BODY_REPORT_MAX, RV_ACCESS_NONE,
	 rv_agents_report},
	{RV_DOOR_PEOPLE, "GET", "/api/v1/hosts", 0, RV_ACCESS_BEARER, rv_api_hosts},
	{RV_DOOR_PEOPLE, "GET", "/api/v1/credentials", 0, RV_ACCESS_BEARER, rv_api_credentials},
	{RV_DOOR_PEOPLE, "GET", "/api/v1/orphans", 0, RV_ACCESS_BEARER, rv_api_orphans},
	{RV_DOOR_PEOPLE, "GET", "/api/v1/expiring", 0, RV_ACCESS_BEARER, rv_api_expiring},
	{RV_DOOR_PEOPLE, "GET", "/v1/ca", 0, RV_ACCESS_NONE, rv_agents_ca},
	{RV_DOOR_PEOPLE, "GET", "/style.css", 0, RV_ACCESS_NONE, rv_web_style},
	{RV_DOOR_PEOPLE, "GET", "/login", 0, RV_ACCESS_NONE, rv_people_login_page},
	{RV_DOOR_PEOPLE, "POST", "/login", SMALL, RV_ACCESS_NONE, rv_people_login},
	{RV_DOOR_PEOPLE, "POST", "/logout", SMALL, RV_ACCESS_SESSION, rv_people_logout},
	{RV_DOOR_PEOPLE, "GET", "/", 0, RV_ACCESS_SESSION, rv_web_overview},
	{RV_DOOR_PEOPLE, "GET", "/hosts", 0, RV_ACCESS_SESSION, rv_web_hosts},
	{RV_DOOR_PEOPLE, "GET", "/hosts/*", 0, RV_ACCESS_SESSION, rv_web_host},
	{RV_DOOR_PEOPLE, "GET", "/credentials", 0, RV_ACCESS_SESSION, rv_web_credentials},
	{RV_DOOR_PEOPLE, "GET", "/orphans", 0, RV_ACCESS_SESSION, rv_web_orphans},
	{RV_DOOR_PEOPLE, "GET", "/expiring", 0, RV_ACCESS_SESSION, rv_web_expiring},
};

const struct rv_route *rv_routes(size_t *out_count)
{
	*out_count = RV_LEN(routes);
	return routes;
}
