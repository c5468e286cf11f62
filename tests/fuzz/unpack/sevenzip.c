/* fuzz: looks at any bytes as a 7z file, whose directory may be packed. */
#include "agent/unpack/sevenzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_flow flow;

	rv_flow_memory(&flow, (struct rv_str){data, size});
	RV_BUG_ON(!rv_7z_is_bounded(&flow) &&
		  (!flow.detail || flow.reason >= RV_UNPACK_REASON__COUNT));
	RV_BUG_ON(flow.bytes.data != data || flow.bytes.len != size); /* it stays where it is */
	return 0;
}
