package db_test

// transactionScripts are the rules of transactions (tcb-wire-protocol.md 6.7,
// wx-cloud-api.md 3.12, and MongoDB's manual on read concern "snapshot" and
// write conflicts).
var transactionScripts = []struct{ name, script string }{
	{"commit makes writes visible, at once and together", `
		T add a {"_id": 1} => ok
		T add b {"_id": 2} => ok
		out find a => ok
		out find b => ok
		T commit => ok
		out find a => {"_id":1}
		out find b => {"_id":2}
	`},
	{"abort leaves nothing", `
		out add a {"_id": 1, "n": 1} => ok
		T update a {"_id": 1} | {"$set": {"n": 2}} => 1 1
		T add a {"_id": 2} => ok
		T remove a {"_id": 1} => 1
		T abort => ok
		out find a => {"_id":1,"n":1}
	`},
	{"nothing goes after the end", `
		T commit => ok
		T find a => gone
		T add a {"_id": 1} => gone
		T commit => gone
		T abort => gone
		U abort => ok
		U count a => gone
		U abort => gone
	`},
	{"it reads its own writes", `
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 2} => ok
		T add a {"_id": 3, "n": 3} => ok
		T update a {"_id": 1} | {"$inc": {"n": 10}} => 1 1
		T remove a {"_id": 2} => 1
		T find a => {"_id":1,"n":11} {"_id":3,"n":3}
		T find a {"_id": 1} => {"_id":1,"n":11}
		T find a {"_id": 2} => ok
		T find a {"n": {"$gt": 5}} => {"_id":1,"n":11}
		T find a {"n": 1} => ok
		T find a {} | {"n": 1} => {"_id":3,"n":3} {"_id":1,"n":11}
		T find a {} | {"n": -1} | {"skip": 1, "limit": 1} | {"n": 1} => {"_id":3,"n":3}
		T find a {} | {} | {"skip": 1} => {"_id":3,"n":3}
		T count a => 2
		T count a {"n": {"$lt": 4}} => 1
		T update a {"_id": 3} | {"$inc": {"n": 1}} => 1 1
		T update a {"_id": 1} | {"$inc": {"n": 1}} => 1 1
		out find a => {"_id":1,"n":1} {"_id":2,"n":2}
		T commit => ok
		out find a => {"_id":1,"n":12} {"_id":3,"n":4}
	`},
	{"the snapshot is taken at the first operation", `
		out add a {"_id": 1, "n": 1} => ok
		T find a => {"_id":1,"n":1}
		out update a {"_id": 1} | {"$set": {"n": 2}} => 1 1
		U find a => {"_id":1,"n":2}
		T find a => {"_id":1,"n":1}
	`},
	{"the snapshot is of all collections", `
		out add b {"_id": 1, "n": 1} => ok
		T find a => ok
		out update b {"_id": 1} | {"$set": {"n": 2}} => 1 1
		out add b {"_id": 2, "n": 2} => ok
		T find b {"_id": 1} => {"_id":1,"n":1}
		T find b => {"_id":1,"n":1}
		T count b => 1
	`},
	{"changed, added and removed documents read as they were", `
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 2} | {"_id": 3, "n": 3} | {"_id": 4, "n": 4} | {"_id": 5, "n": 5} => ok
		T find b => ok
		out update a {"_id": 2} | {"$set": {"n": 20}} => 1 1
		out update a {"_id": 2} | {"$set": {"n": 21}} => 1 1
		out remove a {"_id": 3} => 1
		out add a {"_id": 6, "n": 6} => ok
		out add a {"_id": 3, "n": 30} => ok
		T find a => {"_id":1,"n":1} {"_id":2,"n":2} {"_id":3,"n":3} {"_id":4,"n":4} {"_id":5,"n":5}
		T find a {"_id": 2} => {"_id":2,"n":2}
		T find a {"_id": 3} => {"_id":3,"n":3}
		T find a {"_id": 6} => ok
		T find a {"_id": {"$in": [6, 5, 3, 2, 1]}} => {"_id":1,"n":1} {"_id":2,"n":2} {"_id":3,"n":3} {"_id":5,"n":5}
		T find a {"n": {"$gte": 5}} => {"_id":5,"n":5}
		T find a {"n": {"$gte": 2}} | {} | {"limit": 2} => {"_id":2,"n":2} {"_id":3,"n":3}
		T find a {"n": {"$gte": 2}} | {} | {"skip": 1, "limit": 2} => {"_id":3,"n":3} {"_id":4,"n":4}
		T find a {} | {"n": -1} | {"limit": 3} => {"_id":5,"n":5} {"_id":4,"n":4} {"_id":3,"n":3}
		T count a => 5
		T count a {"n": {"$lt": 4}} => 3
		T commit => ok
	`},
	{"own writes lie over the snapshot", `
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 2} => ok
		T update a {"_id": 1} | {"$set": {"n": 5}} => 1 1
		out update a {"_id": 2} | {"$set": {"n": 9}} => 1 1
		T find a => {"_id":1,"n":5} {"_id":2,"n":2}
	`},
	{"a read-only transaction always commits", `
		out add a {"_id": 1} => ok
		T find a => {"_id":1}
		out remove a {"_id": 1} => 1
		T commit => ok
	`},
	{"writing what others changed conflicts at once", `
		out add a {"_id": 1, "n": 1} => ok
		T find a => {"_id":1,"n":1}
		out update a {"_id": 1} | {"$inc": {"n": 1}} => 1 1
		T update a {"_id": 1} | {"$inc": {"n": 1}} => conflict
		T find a => conflict
		T commit => conflict
		T commit => gone
		out find a => {"_id":1,"n":2}
	`},
	{"after a conflict abort works", `
		out add a {"_id": 1, "n": 1} => ok
		T find a => {"_id":1,"n":1}
		out remove a {"_id": 1} => 1
		T remove a {"_id": 1} => conflict
		T abort => ok
	`},
	{"writing what others changed, found by condition", `
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 1} => ok
		T count a => 2
		out update a {"_id": 2} | {"$set": {"n": 7}} => 1 1
		T many a {"n": 1} | {"$inc": {"n": 1}} => conflict
	`},
	{"two transactions: the first to commit wins", `
		out add a {"_id": 1, "n": 1} => ok
		T update a {"_id": 1} | {"$inc": {"n": 1}} => 1 1
		U update a {"_id": 1} | {"$inc": {"n": 10}} => 1 1
		U commit => ok
		T commit => conflict
		out find a => {"_id":1,"n":11}
	`},
	{"a plain write wins over an open transaction", `
		out add a {"_id": 1, "n": 1} => ok
		T update a {"_id": 1} | {"$inc": {"n": 1}} => 1 1
		out update a {"_id": 1} | {"$inc": {"n": 10}} => 1 1
		T commit => conflict
		out find a => {"_id":1,"n":11}
	`},
	{"write skew is impossible: documents", `
		out add a {"_id": 1, "on": true} | {"_id": 2, "on": true} => ok
		T find a {"_id": 2} => {"_id":2,"on":true}
		U find a {"_id": 1} => {"_id":1,"on":true}
		T update a {"_id": 1} | {"$set": {"on": false}} => 1 1
		U update a {"_id": 2} | {"$set": {"on": false}} => 1 1
		T commit => ok
		U commit => conflict
	`},
	{"write skew is impossible: conditions", `
		out add a {"_id": 1, "on": true} | {"_id": 2, "on": true} => ok
		T count a {"on": true} => 2
		U count a {"on": true} => 2
		T update a {"_id": 1} | {"$set": {"on": false}} => 1 1
		U update a {"_id": 2} | {"$set": {"on": false}} => 1 1
		U commit => ok
		T commit => conflict
	`},
	{"a phantom conflicts", `
		T count a {"kind": "x"} => 0
		T add b {"_id": 1} => ok
		out add a {"_id": 1, "kind": "x"} => ok
		T commit => conflict
	`},
	{"a change that matters to no condition does not conflict", `
		out add a {"_id": 1, "kind": "x"} => ok
		T count a {"kind": "x"} => 1
		T add b {"_id": 1} => ok
		out add a {"_id": 2, "kind": "y"} => ok
		out update a {"_id": 2} | {"$set": {"m": 1}} => 1 1
		T commit => ok
	`},
	{"a change behind a limit does not conflict", `
		out add a {"_id": 1} | {"_id": 2} | {"_id": 3} => ok
		T find a {} | {} | {"limit": 2} => {"_id":1} {"_id":2}
		T add b {"_id": 1} => ok
		out update a {"_id": 3} | {"$set": {"m": 1}} => 1 1
		T commit => ok
	`},
	{"a change before a limit conflicts", `
		out add a {"_id": 1} | {"_id": 2} | {"_id": 3} => ok
		T find a {} | {} | {"limit": 2} => {"_id":1} {"_id":2}
		T add b {"_id": 1} => ok
		out remove a {"_id": 1} => 1
		T commit => conflict
	`},
	{"an id that was looked for and is there now conflicts", `
		T find a {"_id": 1} => ok
		T add b {"_id": 1} => ok
		out add a {"_id": 1} => ok
		T commit => conflict
	`},
	{"a taken id is a duplicate at once", `
		out add a {"_id": 1} => ok
		T add a {"_id": 1} => duplicate
		T add a {"_id": 2} | {"_id": 1} => duplicate
		T add a {"_id": 3} | {"_id": 3} => duplicate
		T add a {"_id": 2} => ok
		T add a {"_id": 2.0} => duplicate
		T commit => ok
		out find a => {"_id":1} {"_id":2}
	`},
	{"an id that others have taken since is a conflict at once", `
		T count b => 0
		out add a {"_id": 1} => ok
		T add a {"_id": 1} => conflict
	`},
	{"an id of the snapshot that others have changed since is a duplicate", `
		out add a {"_id": 1} => ok
		T count b => 0
		out update a {"_id": 1} | {"$set": {"n": 1}} => 1 1
		T add a {"_id": 1} => duplicate
	`},
	{"an id that others take before the commit is a conflict at the commit", `
		T add a {"_id": 1} => ok
		out add a {"_id": 1} => ok
		T commit => conflict
	`},
	{"the ids of own removed documents are free", `
		out add a {"_id": 1, "n": 1} | {"_id": 2} => ok
		T remove a {"_id": 1} => 1
		T add a {"_id": 1, "n": 2} => ok
		T find a => {"_id":2} {"_id":1,"n":2}
		T remove a {"_id": 1} => 1
		T find a {"_id": 1} => ok
		T add a {"_id": 1, "n": 3} => ok
		T commit => ok
		out find a => {"_id":2} {"_id":1,"n":3}
	`},
	{"upserts", `
		out add a {"_id": 1, "n": 1} => ok
		T upsert a {"_id": 2} | {"$set": {"n": 2}} => 0 0 made 2
		T upsert a {"_id": 2} | {"$set": {"n": 3}} => 1 1
		T put a {"_id": 3} | {"n": 3} => 0 0 made 3
		T put a {"_id": 1} | {"n": 9} => 1 1
		T commit => ok
		out find a => {"_id":1,"n":9} {"_id":2,"n":3} {"_id":3,"n":3}
	`},
	{"an upsert of what others made since conflicts", `
		T count b => 0
		out add a {"_id": 2} => ok
		T upsert a {"_id": 2} | {"$set": {"n": 2}} => conflict
	`},
	{"many at once", `
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 2} | {"_id": 3, "n": 3} => ok
		T many a {"n": {"$gte": 2}} | {"$inc": {"n": 10}} => 2 2
		T removeMany a {"n": {"$lt": 13}} => 2
		T commit => ok
		out find a => {"_id":3,"n":13}
	`},
	{"one of several is the first in natural order", `
		out add a {"_id": 3} | {"_id": 1} | {"_id": 2} => ok
		T count a => 3
		out update a {"_id": 1} | {"$set": {"x": 1}} => 1 1
		T remove a => 1
		T find a => {"_id":1} {"_id":2}
	`},
	{"an update that changes nothing writes nothing", `
		out add a {"_id": 1, "n": 1} => ok
		T update a {"_id": 1} | {"$set": {"n": 1}} => 1 0
		out update a {"_id": 1} | {"$set": {"n": 2}} => 1 1
		T commit => ok
		out find a => {"_id":1,"n":2}
	`},
	{"a missing collection", `
		T find c => no collection
		T add c {"_id": 1} => no collection
		T upsert c {"_id": 1} | {"$set": {"n": 1}} => no collection
		T add a {"_id": 1} => ok
		T commit => ok
	`},
	{"a collection that is dropped", `
		out add a {"_id": 1} => ok
		T count a => 1
		out drop a => ok
		T count a => conflict
	`},
	{"a collection that is dropped before the commit", `
		T add a {"_id": 1} => ok
		out drop a => ok
		T commit => conflict
	`},
	{"a collection that was read and is dropped before the commit", `
		T count a => 0
		T add b {"_id": 1} => ok
		out drop a => ok
		T commit => conflict
	`},
	{"a collection that is made anew", `
		out add a {"_id": 1} => ok
		T count a => 1
		out drop a => ok
		out create a => ok
		out add a {"_id": 2} => ok
		T find a => conflict
	`},
	{"a collection that is made anew before the commit", `
		T add a {"_id": 1} => ok
		out drop a => ok
		out create a => ok
		T commit => conflict
	`},
	{"a collection that is made after the snapshot reads as empty", `
		T count a => 0
		out create c => ok
		out add c {"_id": 1} => ok
		T find c => ok
		T add c {"_id": 1} => conflict
	`},
	{"an index finds what the snapshot had", `
		out index a => ok
		out add a {"_id": 1, "n": 5} | {"_id": 2, "n": 4} | {"_id": 3, "n": 3} | {"_id": 4, "n": 2} | {"_id": 5, "n": 1} => ok
		T count a => 5
		out update a {"_id": 1} | {"$set": {"n": 0}} => 1 1
		out update a {"_id": 4} | {"$set": {"n": 9}} => 1 1
		out remove a {"_id": 3} => 1
		out add a {"_id": 6, "n": 3} => ok
		T count a => 5
		T find a {"n": {"$gte": 2}} => {"_id":1,"n":5} {"_id":2,"n":4} {"_id":3,"n":3} {"_id":4,"n":2}
		T find a {"n": 3} => {"_id":3,"n":3}
		T find a {"n": {"$in": [0, 9]}} => ok
		T find a {} | {"n": 1} | {"limit": 2} => {"_id":5,"n":1} {"_id":4,"n":2}
		T find a {} | {"n": -1} | {"skip": 1, "limit": 2} => {"_id":2,"n":4} {"_id":3,"n":3}
		T find a {} | {"n": 1} => {"_id":5,"n":1} {"_id":4,"n":2} {"_id":3,"n":3} {"_id":2,"n":4} {"_id":1,"n":5}
		T update a {"_id": 2} | {"$set": {"n": 0}} => 1 1
		T add a {"_id": 7, "n": 7} => ok
		T remove a {"_id": 5} => 1
		T find a {} | {"n": 1} | {"limit": 2} => {"_id":2,"n":0} {"_id":4,"n":2}
		T find a {"n": {"$gt": 2}} | {"n": -1} => {"_id":7,"n":7} {"_id":1,"n":5} {"_id":3,"n":3}
		T count a => 5
		T count a {"n": {"$gt": 2}} => 3
	`},
	{"counting takes back what others did", `
		out add a {"_id": 1} | {"_id": 2} | {"_id": 3} => ok
		T count b => 0
		out remove a {"_id": 1} => 1
		out add a {"_id": 4} | {"_id": 5} => ok
		out update a {"_id": 2} | {"$set": {"x": 1}} => 1 1
		T count a => 3
		T remove a {"_id": 3} => 1
		T add a {"_id": 6} | {"_id": 7} => ok
		T remove a {"_id": 7} => 1
		T count a => 3
		U count a => 4
	`},
	{"a unique index is asked at the commit", `
		out unique a => ok
		out add a {"_id": 1, "n": 1} => ok
		T add a {"_id": 2, "n": 1} => ok
		T commit => duplicate
		T commit => gone
		out find a => {"_id":1,"n":1}
	`},
	{"unique values that others took", `
		out unique a => ok
		T add a {"_id": 2, "n": 1} => ok
		out add a {"_id": 1, "n": 1} => ok
		T commit => duplicate
	`},
	{"unique values may be exchanged", `
		out unique a => ok
		out add a {"_id": 1, "n": 1} | {"_id": 2, "n": 2} | {"_id": 3, "n": 3} => ok
		T update a {"_id": 1} | {"$set": {"n": 9}} => 1 1
		T update a {"_id": 2} | {"$set": {"n": 1}} => 1 1
		T update a {"_id": 1} | {"$set": {"n": 2}} => 1 1
		T remove a {"_id": 3} => 1
		T add a {"_id": 4, "n": 3} => ok
		T commit => ok
		out find a {"n": {"$gt": 0}} | {"n": 1} => {"_id":2,"n":1} {"_id":1,"n":2} {"_id":4,"n":3}
	`},
}
