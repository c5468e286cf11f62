/* tests: what cppcheck has to know of libraries whose headers it does not read. */
#define json_array_foreach(a, i, v) for (i = 0; (v = json_array_get(a, i)); i++)
#define json_object_foreach(o, k, v)                                                 \
	for (void *iter = json_object_iter(o);                                       \
	     (k = json_object_iter_key(iter)) && (v = json_object_iter_value(iter)); \
	     iter = json_object_iter_next(o, iter))
