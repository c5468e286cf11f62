/* inventory: every handler, for the table in routes.c. */
#pragma once

#include "agent/inventory/http.h"

/* agents.c */
void rv_agents_ca(struct rv_request *req);
void rv_agents_enroll(struct rv_request *req);
void rv_agents_renew(struct rv_request *req);
void rv_agents_checkin(struct rv_request *req);
void rv_agents_report(struct rv_request *req);
/* api.c */
void rv_api_hosts(struct rv_request *req);
void rv_api_credentials(struct rv_request *req);
void rv_api_orphans(struct rv_request *req);
void rv_api_expiring(struct rv_request *req);
/* people.c: logging in and out */
void rv_people_login_page(struct rv_request *req);
void rv_people_login(struct rv_request *req);
void rv_people_logout(struct rv_request *req);
/* web.c */
void rv_web_overview(struct rv_request *req);
void rv_web_hosts(struct rv_request *req);
void rv_web_host(struct rv_request *req);
void rv_web_credentials(struct rv_request *req);
void rv_web_orphans(struct rv_request *req);
void rv_web_expiring(struct rv_request *req);
void rv_web_style(struct rv_request *req);
