/* model: descriptions of the closed finding schema. Not here: messages between roles (ipc/). */
#include "agent/model/finding.h"

RV_RECORD_DESC(found_certificate)
RV_RECORD_DESC(found_key)
RV_RECORD_DESC(found_secret)
RV_RECORD_DESC(found_account)
RV_RECORD_DESC(found_unit)
RV_RECORD_DESC(found_package)
RV_RECORD_DESC(found_listener)
RV_RECORD_DESC(not_looked)
